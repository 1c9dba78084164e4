import { useState } from "react";
import { Door } from "../ui/Door";
import { usePageTitle } from "../ui/usePageTitle";
import { SignIn } from "./SignIn";
import { SignUp } from "./SignUp";

interface Props {
  /** Why one is here; empty when there is nothing to say. */
  farewell: string;
  onSignedIn: () => void;
}

export function WelcomePage({ farewell, onSignedIn }: Props) {
  const [isNew, setIsNew] = useState(false);
  const heading = usePageTitle("Sign in");
  return (
    <main className="welcome">
      <header className="welcome-words">
        <p className="brand">
          <Door access="OPEN" /> Anteroom
        </p>
        <h1 ref={heading} tabIndex={-1}>
          Rooms with a&nbsp;door.
        </h1>
        <p>
          Ask to come in, and the owner sees you at the door. What is said inside arrives once, in order, whatever
          your network does.
        </p>
      </header>
      <section className="card welcome-card" aria-label={isNew ? "Create an account" : "Sign in"}>
        {farewell !== "" && (
          <p className="banner" role="status">
            {farewell}
          </p>
        )}
        {isNew ? <SignUp onDone={onSignedIn} /> : <SignIn onDone={onSignedIn} />}
        <p className="detail">
          {isNew ? "Have an account?" : "New here?"}{" "}
          <button type="button" className="link" onClick={() => setIsNew(!isNew)}>
            {isNew ? "Sign in" : "Create an account"}
          </button>
        </p>
      </section>
    </main>
  );
}
